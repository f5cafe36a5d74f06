-- serves: 0.2.0
-- What somebody wants to remember of an item. The guide's own INSERTs know nothing of it.
alter table compras add column if not exists note varchar(500) not null default '';
