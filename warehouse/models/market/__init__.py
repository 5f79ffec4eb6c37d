"""Schema market: prices, fundamentals, options and events, as sources tell them."""

from warehouse.models.market.bars import Bar, Frequency
from warehouse.models.market.events import (
    EventOdds,
    EventPrediction,
    MarketEvent,
    MarketEventStatus,
)
from warehouse.models.market.fundamentals import (
    CorporateAction,
    CorporateActionKind,
    InstitutionalHolder,
    KeyStatistics,
)
from warehouse.models.market.option_quotes import (
    ChainStatus,
    ChainStrategy,
    OptionChain,
    OptionQuote,
)
from warehouse.models.market.options import (
    ExpirationType,
    OptionContract,
    OptionDeliverable,
    OptionExpiration,
    PutCall,
    SettlementType,
)

__all__ = [
    "Bar",
    "ChainStatus",
    "ChainStrategy",
    "CorporateAction",
    "CorporateActionKind",
    "EventOdds",
    "EventPrediction",
    "ExpirationType",
    "Frequency",
    "InstitutionalHolder",
    "KeyStatistics",
    "MarketEvent",
    "MarketEventStatus",
    "OptionChain",
    "OptionContract",
    "OptionDeliverable",
    "OptionExpiration",
    "OptionQuote",
    "PutCall",
    "SettlementType",
]
