-- How many positions did this transaction's trades move? Moves them.
-- One row; holds the accounts' rows, ROW EXCLUSIVE on trading.positions.
select trading.apply_fills() as moved;
