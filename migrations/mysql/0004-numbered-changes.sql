-- serves: 0.2.0
-- A list is a sequence of numbered changes. Every account has a first list; an item whose list_id is 0 is on it, also one that
-- the guide's application adds without knowing of lists.
create table if not exists lists (
  id bigint not null auto_increment,
  owner_id int not null,
  first_of int null,
  name varchar(255) not null,
  version bigint not null,
  created_at bigint not null,
  primary key (id),
  unique key lists_first_of (first_of),
  key lists_owner (owner_id)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_unicode_ci;

create table if not exists changes (
  list_id bigint not null,
  version bigint not null,
  account_id int not null,
  change_key varchar(43) character set ascii collate ascii_bin not null,
  digest varchar(43) character set ascii collate ascii_bin not null,
  kind varchar(16) character set ascii collate ascii_bin not null,
  item_id int null,
  detail mediumtext null,
  at bigint not null,
  primary key (list_id, version),
  unique key changes_key (account_id, change_key),
  key changes_at (at)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_unicode_ci;

alter table compras add column if not exists list_id bigint not null default 0;
create index if not exists compras_list on compras (id_cliente, list_id, id_compras);

insert ignore into lists (owner_id, first_of, name, version, created_at)
  select id_cliente, id_cliente, '', 0, unix_timestamp() * 1000 from clientes;

-- Keys that were used before are changes now, so that none of them can be used again. A list's version is never below the
-- number of its items: what was there without a key counts, as if its changes had been forgotten.
insert ignore into changes (list_id, version, account_id, change_key, digest, kind, item_id, detail, at)
  select l.id, greatest(0, coalesce(i.n, 0) - count(*) over (partition by o.customer_id)) + row_number() over (partition by o.customer_id order by o.created_at, o.operation_key),
    o.customer_id, o.operation_key, o.digest, 'add', null, null, o.created_at
  from operations o join lists l on l.first_of = o.customer_id
    left join (select id_cliente, count(*) as n from compras group by id_cliente) i on i.id_cliente = o.customer_id;

update lists set version = greatest(version,
  coalesce((select max(c.version) from changes c where c.list_id = lists.id), 0),
  (select count(*) from compras i where i.id_cliente = lists.first_of));
