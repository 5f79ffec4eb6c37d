-- Which columns were these rows sealed with?
-- One row: the text that was hashed.
select h.shapes
from audit.shapes as h
where h.shapes_sha256 = %(shapes_sha256)s;
