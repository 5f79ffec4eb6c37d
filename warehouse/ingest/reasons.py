"""The tables' rules in the words of a reject; a rule that has none here is told by its name."""

BROKEN = {
    "bars_price_range_check": "low must be above zero and high finite",
    "bars_price_order_check": "high must be the highest and low the lowest of open, high, low and close",
    "bars_emptiness_check": "a bar has all four prices, or is_empty and none",
    "option_quotes_price_order_check": "high must not be below low or open",
    "trades_replaces_unless_new_check": "a correction or bust names the trade that it replaces, a new trade none",
    "trades_replaces_another_check": "a trade cannot replace itself",
    "cash_flows_amount_signed_by_kind_check": (
        "a deposit or transfer_in adds money (above zero), a withdrawal or transfer_out takes it (below)"
    ),
    "cash_flows_currency_code_check": "currency must be a code of capital letters: USD",
    "transactions_currency_code_check": "currency must be a code of capital letters: USD",
    "instruments_currency_code_check": "currency must be a code of capital letters: USD",
    "instruments_listing_order_check": "delisted_at must come after listed_at",
    "fx_rates_base_currency_code_check": "base_currency must be a code of capital letters: USD",
    "fx_rates_quote_currency_code_check": "quote_currency must be a code of capital letters: USD",
    "fx_rates_pair_differs_check": "base_currency and quote_currency must differ",
    "key_statistics_fifty_two_week_order_check": "fifty_two_week_high must not be below fifty_two_week_low",
    "corporate_actions_ratio_given_check": "a split or stock dividend needs its ratio",
    "corporate_actions_amount_given_check": "a dividend or capital gain needs its amount",
    "option_contracts_osi_symbol_form_check": (
        "osi_symbol must be the root padded to 6, the day, C or P, and the strike times 1000 in 8 digits"
    ),
    "events_league_or_category_check": "a game needs its league, a question its category",
    "events_both_sides_check": "home and away are both given or neither",
    "event_predictions_some_probability_check": "at least one probability must be given",
    "orders_fills_within_quantity_check": "filled and remaining cannot exceed the quantity",
    "orders_parent_is_another_check": "an order cannot hang on itself",
    "order_legs_quantity_given_check": "a leg needs its quantity, unless quantity_type is all_shares",
    "order_legs_leg_no_from_one_check": "leg_no counts from 1",
    "execution_legs_execution_no_from_one_check": "execution_no counts from 1",
    "transaction_items_item_no_from_one_check": "item_no counts from 1",
    "transactions_counted_once_check": "a transaction settles a trade or is mirrored by a cash flow, not both",
    "accounts_base_currency_code_check": "base_currency must be a code of capital letters: USD",
    "portfolios_base_currency_code_check": "base_currency must be a code of capital letters: USD",
    "option_deliverables_currency_code_check": "currency_type must be a code of capital letters: USD",
    "trading_days_session_order_check": "closes_at must come after opens_at",
    "instrument_identifiers_validity_order_check": "valid_to must come after valid_from",
    "alerts_priority_in_range_check": "priority must be 1, the most urgent, to 5",
    "notification_rules_lowest_priority_in_range_check": "lowest_priority must be 1, the most urgent, to 5",
    "limits_one_scope_check": "a limit names one portfolio, account, strategy or instrument",
    "limits_scope_named_check": "a limit names what its scope says: a portfolio, account, strategy or instrument",
    "books_isbn_form_check": "isbn must have 13 digits and nothing else",
    "books_language_code_check": "language must be a code of two or three small letters: en",
    **{
        f"event_predictions_{of}_probability_range_check": f"{of}_probability must be 0 to 1"
        for of in ("home", "away", "draw", "yes")
    },
}
