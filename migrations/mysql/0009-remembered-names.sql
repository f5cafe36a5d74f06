-- serves: 0.2.0
-- What an account bought, by the folded name, to suggest it again. The score only grows: see suggestions/score.ts.
create table if not exists remembered (
  account_id int not null,
  folded varchar(140) character set utf8mb4 collate utf8mb4_bin not null,
  name varchar(140) not null,
  shop varchar(140) not null,
  unit varchar(12) not null,
  thousandths bigint not null,
  score double not null,
  bought_at bigint not null,
  primary key (account_id, folded),
  key remembered_score (account_id, score)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_unicode_ci;
