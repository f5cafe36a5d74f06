-- serves: 0.2.0
-- In which order an account goes to shops, and through each of them, by folded name. The row without a shop orders the shops.
create table if not exists shop_orders (
  account_id integer not null,
  shop varchar(140) collate "C" not null,
  name varchar(140) not null,
  ordered text not null,
  by_hand smallint not null,
  trips text not null,
  learns smallint not null,
  version bigint not null,
  constraint shop_orders_shop primary key (account_id, shop)
);
