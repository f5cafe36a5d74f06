-- The web servers on this database: a row each, kept fresh while it serves.
create table if not exists servers (
  id varchar(22) not null primary key,
  name varchar(64) not null,
  address varchar(300) not null,
  release_version varchar(64) not null,
  seen_at bigint not null
);
