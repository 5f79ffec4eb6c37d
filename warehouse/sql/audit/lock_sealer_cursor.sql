-- Locks the sealer's cursor until the transaction ends, and makes it where there is none.
-- One row: what is sealed.
select audit.read_cursor('seal');
