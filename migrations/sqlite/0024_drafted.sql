-- The position of the account's log at which the draft last changed; 0: there was none.
alter table preference add column drafted integer not null default 0;
update preference set drafted = upd where draft <> '';
