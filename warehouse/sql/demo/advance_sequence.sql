-- Where does a table's key go on after rows that brought their own? Never moves the sequence back.
-- One row; takes no lock.
select setval(
    %(sequence)s::regclass,
    greatest(%(highest)s::bigint, nextval(%(sequence)s::regclass) - 1)
);
