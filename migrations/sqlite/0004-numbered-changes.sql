-- serves: 0.2.0
-- A list is a sequence of numbered changes. Every account has a first list; an item whose list_id is 0 is on it, also one that
-- the guide's application adds without knowing of lists.
create table if not exists lists (
  id integer primary key,
  owner_id integer not null,
  first_of integer null unique,
  name text not null,
  version integer not null,
  created_at integer not null
);
create index if not exists lists_owner on lists (owner_id);

create table if not exists changes (
  list_id integer not null,
  version integer not null,
  account_id integer not null,
  change_key text not null,
  digest text not null,
  kind text not null,
  item_id integer null,
  detail text null,
  at integer not null,
  primary key (list_id, version),
  unique (account_id, change_key)
);
create index if not exists changes_at on changes (at);

alter table compras add column list_id integer not null default 0;
create index if not exists compras_list on compras (id_cliente, list_id, id_compras);

insert or ignore into lists (owner_id, first_of, name, version, created_at)
  select id_cliente, id_cliente, '', 0, unixepoch() * 1000 from clientes;

-- Keys that were used before are changes now, so that none of them can be used again. A list's version is never below the
-- number of its items: what was there without a key counts, as if its changes had been forgotten.
insert or ignore into changes (list_id, version, account_id, change_key, digest, kind, item_id, detail, at)
  select l.id, max(0, coalesce(i.n, 0) - count(*) over (partition by o.customer_id)) + row_number() over (partition by o.customer_id order by o.created_at, o.operation_key),
    o.customer_id, o.operation_key, o.digest, 'add', null, null, o.created_at
  from operations o join lists l on l.first_of = o.customer_id
    left join (select id_cliente, count(*) as n from compras group by id_cliente) i on i.id_cliente = o.customer_id;

update lists set version = max(version,
  coalesce((select max(c.version) from changes c where c.list_id = lists.id), 0),
  (select count(*) from compras i where i.id_cliente = lists.first_of));
