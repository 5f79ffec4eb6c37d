-- Which page ranges of a BRIN index are not summarized? Summarizes them.
-- One row: how many there were; SHARE UPDATE EXCLUSIVE on the table.
select brin_summarize_new_values(%(index_oid)s::oid::regclass) as ranges;
