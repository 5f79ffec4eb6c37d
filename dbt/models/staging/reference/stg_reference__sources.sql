with

source as (

    select * from {{ source('reference', 'sources') }}

),

final as (

    select
        source_id,
        name as source_name,
        priority,
        is_active
    from source

)

select * from final
