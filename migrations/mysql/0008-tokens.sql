-- serves: 0.2.0
-- Personal tokens, with which programs act for an account: a row each, under a hash of what only its owner saw.
create table if not exists tokens (
  id varchar(43) character set ascii collate ascii_bin not null,
  account_id int not null,
  token_hash varchar(43) character set ascii collate ascii_bin not null,
  name varchar(140) not null,
  scope varchar(8) character set ascii collate ascii_bin not null,
  created_at bigint not null,
  expires_at bigint null,
  revoked_at bigint null,
  last_used_at bigint null,
  forget_at bigint not null,
  primary key (id),
  unique key tokens_hash (token_hash),
  key tokens_account (account_id, id),
  key tokens_forget (forget_at)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_unicode_ci;
