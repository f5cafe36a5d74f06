-- serves: 0.2.0
-- Ticking off, units, exact quantities, several lists. The guide's `quantidade` stays filled: the quantity, rounded up.
alter table compras
  add column if not exists uid varchar(43) character set ascii collate ascii_bin null,
  add column if not exists unit varchar(12) not null default '',
  add column if not exists thousandths bigint null,
  add column if not exists done_at bigint null,
  add column if not exists version bigint not null default 0;
create index if not exists compras_uid on compras (id_cliente, uid);

alter table lists
  add column if not exists put_away_at bigint null,
  add column if not exists removed_at bigint null,
  add column if not exists is_template tinyint not null default 0;
create index if not exists lists_removed on lists (removed_at);

alter table changes add column if not exists undone_by bigint null;
