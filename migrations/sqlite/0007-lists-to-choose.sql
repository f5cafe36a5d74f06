-- serves: 0.2.0
-- Ticking off, units, exact quantities, several lists. The guide's `quantidade` stays filled: the quantity, rounded up.
alter table compras add column uid text null;
alter table compras add column unit text not null default '';
alter table compras add column thousandths integer null;
alter table compras add column done_at integer null;
alter table compras add column version integer not null default 0;
create index if not exists compras_uid on compras (id_cliente, uid);

alter table lists add column put_away_at integer null;
alter table lists add column removed_at integer null;
alter table lists add column is_template integer not null default 0;
create index if not exists lists_removed on lists (removed_at);

alter table changes add column undone_by integer null;
