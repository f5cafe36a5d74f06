-- The lab guide's tables (guide, 2.1.3), created or adopted, and ours beside them.
-- Every statement may be run twice: a migration that was killed halfway is run again from its first line.
create table if not exists clientes (
  id_cliente int not null auto_increment,
  nome varchar(255) not null,
  email varchar(255) not null,
  password varchar(255) not null,
  primary key (id_cliente)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_unicode_ci;

create table if not exists compras (
  id_compras int not null auto_increment,
  id_cliente int,
  tipo varchar(255) not null,
  quantidade int not null,
  local varchar(255) not null,
  primary key (id_compras),
  foreign key (id_cliente) references clientes (id_cliente)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_unicode_ci;

-- The guide's `create database carrinho` leaves them in latin1, where half of what people type cannot be stored.
alter table clientes convert to character set utf8mb4 collate utf8mb4_unicode_ci;
alter table compras convert to character set utf8mb4 collate utf8mb4_unicode_ci;

-- Where the Flask application made the tables itself, a name can be used once only and a password has 128 characters.
drop index if exists ix_clientes_nome on clientes;
alter table clientes modify column password varchar(255) not null;

alter table clientes add column if not exists email_key varchar(255) character set utf8mb4 collate utf8mb4_nopad_bin null;
create unique index if not exists clientes_email_key on clientes (email_key);
create index if not exists compras_cliente on compras (id_cliente, id_compras);

create table if not exists operations (
  customer_id int not null,
  operation_key varchar(43) character set ascii collate ascii_bin not null,
  digest varchar(43) character set ascii collate ascii_bin not null,
  created_at bigint not null,
  primary key (customer_id, operation_key),
  key operations_created (created_at)
) engine = InnoDB default charset = utf8mb4;

create table if not exists sessions (
  id_hash varchar(43) character set ascii collate ascii_bin not null,
  customer_id int not null,
  created_at bigint not null,
  last_seen_at bigint not null,
  expires_at bigint not null,
  made_on varchar(64) not null,
  user_agent varchar(255) not null,
  address varchar(64) not null,
  primary key (id_hash),
  key sessions_customer (customer_id),
  key sessions_expires (expires_at)
) engine = InnoDB default charset = utf8mb4;

create table if not exists login_failures (
  id varchar(22) character set ascii collate ascii_bin not null,
  subject varchar(43) character set ascii collate ascii_bin not null,
  failed_at bigint not null,
  primary key (id),
  key login_failures_subject (subject, failed_at),
  key login_failures_at (failed_at)
) engine = InnoDB default charset = utf8mb4;
