-- serves: 0.2.0
-- Personal tokens, with which programs act for an account: a row each, under a hash of what only its owner saw.
create table if not exists tokens (
  id varchar(43) not null primary key,
  account_id integer not null,
  token_hash varchar(43) not null constraint tokens_hash unique,
  name varchar(140) not null,
  scope varchar(8) not null,
  created_at bigint not null,
  expires_at bigint null,
  revoked_at bigint null,
  last_used_at bigint null,
  forget_at bigint not null
);
create index if not exists tokens_account on tokens (account_id, id);
create index if not exists tokens_forget on tokens (forget_at);
