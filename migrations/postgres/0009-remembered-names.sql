-- serves: 0.2.0
-- What an account bought, by the folded name, to suggest it again. The score only grows: see suggestions/score.ts.
create table if not exists remembered (
  account_id integer not null,
  folded varchar(140) collate "C" not null,
  name varchar(140) not null,
  shop varchar(140) not null,
  unit varchar(12) not null,
  thousandths bigint not null,
  score double precision not null,
  bought_at bigint not null,
  constraint remembered_name primary key (account_id, folded)
);
create index if not exists remembered_score on remembered (account_id, score);
