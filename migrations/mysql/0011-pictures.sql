-- serves: 0.2.0
-- Pictures of items: an item names up to three, by the hashes of their files. What an account has of them. Which web servers
-- left a mark in their folder of files, and whose marks each of them does not find there.
alter table compras add column if not exists pictures varchar(200) character set ascii collate ascii_bin null;

create table if not exists pictures (
  account_id int not null,
  hash varchar(64) character set ascii collate ascii_bin not null,
  small_hash varchar(64) character set ascii collate ascii_bin not null,
  bytes bigint not null,
  width int not null,
  height int not null,
  added_at bigint not null,
  unnamed_since bigint null,
  primary key (account_id, hash),
  key pictures_hash (hash),
  key pictures_small (small_hash),
  key pictures_unnamed (unnamed_since)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_unicode_ci;

create table if not exists file_folders (
  id varchar(43) character set ascii collate ascii_bin not null,
  name varchar(64) not null,
  unseen varchar(500) not null,
  seen_at bigint not null,
  primary key (id),
  key file_folders_seen (seen_at)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_unicode_ci;
