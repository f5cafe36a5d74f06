-- serves: 0.2.0
-- What an account bought, by the folded name, to suggest it again. The score only grows: see suggestions/score.ts.
create table if not exists remembered (
  account_id integer not null,
  folded text not null,
  name text not null,
  shop text not null,
  unit text not null,
  thousandths integer not null,
  score real not null,
  bought_at integer not null,
  primary key (account_id, folded)
) without rowid;
create index if not exists remembered_score on remembered (account_id, score);
