-- When the auditor is next to be asked about a picture that was sent before its verdict; null when no verdict is owed.
alter table media add column ask_at integer;
create index media_owed on media (ask_at) where ask_at is not null;
