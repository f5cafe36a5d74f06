-- serves: 0.2.0
-- Personal tokens, with which programs act for an account: a row each, under a hash of what only its owner saw.
create table if not exists tokens (
  id text not null primary key,
  account_id integer not null,
  token_hash text not null unique,
  name text not null,
  scope text not null,
  created_at integer not null,
  expires_at integer null,
  revoked_at integer null,
  last_used_at integer null,
  forget_at integer not null
);
create index if not exists tokens_account on tokens (account_id, id);
create index if not exists tokens_forget on tokens (forget_at);
