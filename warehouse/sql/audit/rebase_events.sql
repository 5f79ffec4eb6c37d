-- Gives a restored log the transaction ids of this server.
-- One row: the events rewritten; nobody writes to the log meanwhile.
select audit.rebase();
