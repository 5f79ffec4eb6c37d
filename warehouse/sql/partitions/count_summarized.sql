-- How many of its first ranges has each BRIN summarized, as its own range map says?
-- One row per index; needs a superuser, and search_path on pageinspect's schema.
with map_pages as (
    select
        wanted.name,
        wanted.ranges,
        page.number
    from unnest(%(indexes)s::text[], %(ranges)s::bigint[]) as wanted (name, ranges)
    cross join brin_metapage_info(get_raw_page(wanted.name, 0)) as meta
    cross join generate_series(1, meta.lastrevmappage) as page (number)
),

entries as (
    select
        map_pages.name,
        map_pages.ranges,
        entry.place,
        row_number() over (partition by map_pages.name order by map_pages.number, entry.item) as range_no
    from map_pages
    cross join
        brin_revmap_data(get_raw_page(map_pages.name, map_pages.number)) with ordinality
            as entry (place, item)
)

select
    name,
    -- (0,0) never was summarized, the other no longer is.
    count(*) filter (where place not in ('(0,0)', '(4294967295,0)')) as summarized
from entries
where range_no <= ranges
group by name;
