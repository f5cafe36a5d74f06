-- serves: 0.2.0
-- Pictures of items: an item names up to three, by the hashes of their files. What an account has of them. Which web servers
-- left a mark in their folder of files, and whose marks each of them does not find there.
alter table compras add column pictures text null;

create table if not exists pictures (
  account_id integer not null,
  hash text not null,
  small_hash text not null,
  bytes integer not null,
  width integer not null,
  height integer not null,
  added_at integer not null,
  unnamed_since integer null,
  primary key (account_id, hash)
) without rowid;
create index if not exists pictures_file on pictures (hash);
create index if not exists pictures_small on pictures (small_hash);
create index if not exists pictures_unnamed on pictures (unnamed_since);

create table if not exists file_folders (
  id text not null,
  name text not null,
  unseen text not null,
  seen_at integer not null,
  primary key (id)
);
create index if not exists file_folders_seen on file_folders (seen_at);
