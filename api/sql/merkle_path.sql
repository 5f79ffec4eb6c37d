-- Which hashes lead from a leaf to the root of a tree, as in RFC 6962, section 2.1.1?
-- One value: a JSON array of hexadecimal hashes; the leaves' hashes are laid end to end.
create function api.merkle_path(hashes bytea, place bigint)
returns json
language plpgsql
immutable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    level bytea := hashes;
    path text[] := '{}';
    size integer;
begin
    loop
        size := octet_length(level) / 32;
        exit when size <= 1;
        if (place # 1) < size then
            path := path || encode(substring(level from ((place # 1) * 32 + 1)::integer for 32), 'hex');
        end if;
        -- A last one without a partner goes up as it is.
        select string_agg(
            case
                when i + 1 < size then sha256('\x01'::bytea || substring(level from i * 32 + 1 for 64))
                else substring(level from i * 32 + 1 for 32)
            end,
            '' order by i
        )
        into level
        from generate_series(0, size - 1, 2) as i;
        place := place / 2;
    end loop;
    return to_json(path);
end;
$$;
