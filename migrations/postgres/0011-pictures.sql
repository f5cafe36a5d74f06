-- serves: 0.2.0
-- Pictures of items: an item names up to three, by the hashes of their files. What an account has of them. Which web servers
-- left a mark in their folder of files, and whose marks each of them does not find there.
alter table compras add column if not exists pictures varchar(200) null;

create table if not exists pictures (
  account_id integer not null,
  hash varchar(64) collate "C" not null,
  small_hash varchar(64) collate "C" not null,
  bytes bigint not null,
  width integer not null,
  height integer not null,
  added_at bigint not null,
  unnamed_since bigint null,
  constraint pictures_hash primary key (account_id, hash)
);
create index if not exists pictures_file on pictures (hash);
create index if not exists pictures_small on pictures (small_hash);
create index if not exists pictures_unnamed on pictures (unnamed_since);

create table if not exists file_folders (
  id varchar(43) not null,
  name varchar(64) not null,
  unseen varchar(500) not null,
  seen_at bigint not null,
  constraint file_folders_id primary key (id)
);
create index if not exists file_folders_seen on file_folders (seen_at);
