-- serves: 0.2.0
-- What somebody wants to remember of an item. The guide's own INSERTs know nothing of it.
alter table compras add column note text not null default '';
