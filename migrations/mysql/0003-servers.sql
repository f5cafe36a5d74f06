-- The web servers on this database: a row each, kept fresh while it serves.
create table if not exists servers (
  id varchar(22) character set ascii collate ascii_bin not null,
  name varchar(64) character set ascii collate ascii_bin not null,
  address varchar(300) character set ascii collate ascii_bin not null,
  release_version varchar(64) character set ascii collate ascii_bin not null,
  seen_at bigint not null,
  primary key (id)
) engine = InnoDB default charset = utf8mb4;
