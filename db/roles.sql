-- What the application's role may do. Run by the owner after every migration; :application is the role's name.
-- The owner migrates; the application reads and writes rows, and can neither change nor delete an audit row.
grant usage on schema public to :application;
grant select, insert, update, delete on all tables in schema public to :application;
grant usage, select on all sequences in schema public to :application;
revoke update, delete, truncate on audit_event from :application;
revoke insert, update, delete on alembic_version from :application;

do $$
begin
  if not exists (select from pg_roles where rolname = 'bedplate_readonly') then
    create role bedplate_readonly nologin;
  end if;
  grant usage on schema public to bedplate_readonly;
  grant select on all tables in schema public to bedplate_readonly;
  revoke select on signing_key from bedplate_readonly;
exception
  when insufficient_privilege then
    raise notice 'bedplate_readonly is not kept: the owner may not create roles';
end
$$;

-- "All tables" above names the months of the audit trail too: they are reached by the whole alone.
do $$
begin
  if to_regprocedure('audit_event_close()') is not null then
    perform audit_event_close();
  end if;
end
$$;
