-- May an order go from one status to another? The steps of warehouse/models/trading/order_status.py.
-- Null where a status is unknown. Takes no lock.
create function trading.may_follow(old_status text, new_status text) returns boolean
language sql immutable parallel safe strict
as $$
select case
    when old_status = new_status or old_status in ('filled', 'cancelled', 'replaced', 'rejected', 'expired')
        then false
    when old_status in ('pending_cancel', 'pending_replace', 'pending_recall', 'awaiting_ur_out')
        then new_status in (
            'working', 'partially_filled',
            'pending_cancel', 'pending_replace', 'pending_recall', 'awaiting_ur_out',
            'filled', 'cancelled', 'replaced', 'rejected', 'expired'
        )
    when old_status = 'partially_filled'
        then new_status in (
            'pending_cancel', 'pending_replace', 'pending_recall', 'awaiting_ur_out',
            'filled', 'cancelled', 'replaced', 'expired'
        )
    when old_status = 'new' then true
    else new_status not in ('new', 'pending')
end
$$;

revoke all on function trading.may_follow(text, text) from public;

-- Refuses a step that an order's life does not allow, whoever takes it.
-- Fires on rows whose status changes, ALWAYS: loads switch other triggers off. Takes no lock.
create function trading.refuse_order_step() returns trigger
language plpgsql
as $$
begin
    if not trading.may_follow(old.status, new.status) then
        raise check_violation using
            schema = 'trading',
            table = 'orders',
            constraint = 'orders_status_step_check',
            message = pg_catalog.format(
                'order %s is %s and cannot become %s', old.order_id, old.status, new.status
            ),
            hint = 'A closed order stays closed; what was sent is never unsent.';
    end if;
    return new;
end;
$$;

revoke all on function trading.refuse_order_step() from public;

create trigger order_step before update of status on trading.orders
for each row when (old.status is distinct from new.status)
execute function trading.refuse_order_step();

alter table trading.orders enable always trigger order_step;
