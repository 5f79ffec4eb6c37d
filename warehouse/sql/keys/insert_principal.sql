-- Makes the program that a key is for, where nobody has the login yet.
-- No row.
insert into reference.principals (login, principal_type, display_name)
values (%(login)s, 'program', %(login)s)
on conflict (login) do nothing;
