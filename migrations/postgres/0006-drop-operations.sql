-- contract
-- serves: 0.2.0
-- What kept the keys of additions; since 0004 they are changes.
drop table if exists operations;
