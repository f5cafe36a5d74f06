-- The lab guide's tables (guide, 2.1.3), and ours beside them.
create table if not exists clientes (
  id_cliente integer primary key autoincrement,
  nome text not null,
  email text not null,
  password text not null,
  email_key text unique
);

create table if not exists compras (
  id_compras integer primary key autoincrement,
  id_cliente integer references clientes (id_cliente),
  tipo text not null,
  quantidade integer not null,
  local text not null
);

create index if not exists compras_cliente on compras (id_cliente, id_compras);

create table if not exists operations (
  customer_id integer not null,
  operation_key text not null,
  digest text not null,
  created_at integer not null,
  primary key (customer_id, operation_key)
);
create index if not exists operations_created on operations (created_at);

create table if not exists sessions (
  id_hash text not null primary key,
  customer_id integer not null,
  created_at integer not null,
  last_seen_at integer not null,
  expires_at integer not null,
  made_on text not null,
  user_agent text not null,
  address text not null
);
create index if not exists sessions_customer on sessions (customer_id);
create index if not exists sessions_expires on sessions (expires_at);

create table if not exists login_failures (
  id text not null primary key,
  subject text not null,
  failed_at integer not null
);
create index if not exists login_failures_subject on login_failures (subject, failed_at);
create index if not exists login_failures_at on login_failures (failed_at);
