"""What can go wrong with seals; each says what was kept and what to do next."""

from warehouse.errors import BusyError, WarehouseError


class AuditError(WarehouseError):
    """The audit log could not be read or sealed."""


class KeyMissing(AuditError):
    """There is no key to sign with, and nothing was sealed.

    Make one with `warehouse audit keys create`, or name it in WAREHOUSE_AUDIT_KEY_FILE.
    """


class KeyUnreadable(AuditError):
    """A key could not be read."""


class ChainBroken(AuditError):
    """The newest seal is not one of ours, and nothing was sealed on it; `warehouse audit verify` says more."""


class AnotherSealer(BusyError):
    """Another sealer is at work, and this one did nothing; wait for it, or stop it first."""


class PublishFailed(AuditError):
    """The heads are sealed, but were not published; the next run publishes them."""


class NotSealed(AuditError):
    """It is not sealed yet, so nothing can be proved; run `warehouse audit seal` and ask again."""


class NotProvable(AuditError):
    """What is stored does not make the sealed hash, so there is no proof; `warehouse audit verify` says more."""
