-- Whether a picture was sent before its auditor had said anything: it is asked about until it says something.
alter table media add column unaudited integer not null default 0;
create index media_unaudited on media (at) where unaudited = 1;
