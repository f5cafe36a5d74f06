-- serves: 0.2.0
-- In which order an account goes to shops, and through each of them, by folded name. The row without a shop orders the shops.
create table if not exists shop_orders (
  account_id int not null,
  shop varchar(140) character set utf8mb4 collate utf8mb4_bin not null,
  name varchar(140) not null,
  ordered mediumtext not null,
  by_hand tinyint not null,
  trips mediumtext not null,
  learns tinyint not null,
  version bigint not null,
  primary key (account_id, shop)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_unicode_ci;
