-- contract
-- serves: 99.0.0
-- For once there is no server left that would miss it.
alter table compras drop column if exists next_mark;
