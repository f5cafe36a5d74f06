-- serves: 0.2.0
-- In which order an account goes to shops, and through each of them, by folded name. The row without a shop orders the shops.
create table if not exists shop_orders (
  account_id integer not null,
  shop text not null,
  name text not null,
  ordered text not null,
  by_hand integer not null,
  trips text not null,
  learns integer not null,
  version integer not null,
  primary key (account_id, shop)
) without rowid;
