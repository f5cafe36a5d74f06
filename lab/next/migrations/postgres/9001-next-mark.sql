-- expand
-- serves: 0.2.0
-- What the next release would keep of an item: servers of this one insert and read without it.
alter table compras add column if not exists next_mark integer null;
