-- The web servers on this database: a row each, kept fresh while it serves.
create table if not exists servers (
  id text not null primary key,
  name text not null,
  address text not null,
  release_version text not null,
  seen_at integer not null
);
