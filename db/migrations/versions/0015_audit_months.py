"""audit_months: the audit trail in partitions by month of its ids, which begin with their moment (UUIDv7).

`audit_event_before` is all that was there, `audit_event_2031_04` a month, `audit_event_rest` what is later than the
last month made. There is no default partition: parts that follow one another are read newest first, and a page of the
newest events ends at the first of them.
"""

from alembic import op

revision = "0015"
down_revision = "0014"

LOCKS = {
    "alter table audit_event rename to": "a name for the part; the running code's statements find the new table by it",
    "create index ix_audit_event": "the table is new: all rows are in its part, which has its indexes",
    "detach partition": "of the part that nothing has reached yet, two seconds waited for at most, once a month",
    "do": "takes the table in as it is, by the constraint that 0014 validated, and copies its rights",
}
INDEXES = {"actor_id": "actor", "subject_id": "subject", "team_id_id": "team_id", "type_id": "type"}

FIRST_ID = """
create function audit_event_first_id(moment timestamptz) returns uuid
language sql immutable strict parallel safe set search_path = pg_catalog, pg_temp
return (lpad(to_hex(floor(extract(epoch from moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
"""
PARTS = """
create function audit_event_parts(out name text, out since timestamptz, out until timestamptz) returns setof record
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select bounds.relname::text,
    to_timestamp(('x' || substr(bounds.low, 1, 12))::bit(48)::bigint / 1000.0),
    to_timestamp(('x' || substr(bounds.high, 1, 12))::bit(48)::bigint / 1000.0)
  from (
    select c.relname,
      replace(substring(pg_get_expr(c.relpartbound, c.oid) from 'FROM \\(''([0-9a-f-]+)'), '-', '') as low,
      replace(substring(pg_get_expr(c.relpartbound, c.oid) from 'TO \\(''([0-9a-f-]+)'), '-', '') as high
    from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'public.audit_event'::regclass and not i.inhdetachpending
  ) bounds
  order by bounds.low nulls first
$$
"""
CLOSE = """
create function audit_event_close() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  found record;
begin
  -- Parts are reached by the whole alone, whatever was granted on "all tables" or by default.
  for found in
    select distinct c.relname, a.grantee from pg_inherits i join pg_class c on c.oid = i.inhrelid
    cross join aclexplode(c.relacl) a
    where i.inhparent = 'public.audit_event'::regclass and a.grantee <> c.relowner
  loop
    execute format('revoke all on public.%I from %s', found.relname,
      case when found.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(found.grantee)) end);
  end loop;
  -- Whoever may add events may make room for them.
  for found in
    select distinct a.grantee from pg_class c cross join aclexplode(c.relacl) a
    where c.oid = 'public.audit_event'::regclass and a.privilege_type = 'INSERT' and a.grantee <> c.relowner
  loop
    execute format('grant execute on function public.audit_event_make_months() to %s',
      case when found.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(found.grantee)) end);
  end loop;
end
$$
"""
MAKE_MONTHS = """
create function audit_event_make_months() returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' set lock_timeout = '2s'
as $$
declare
  ahead constant timestamptz := date_trunc('month', now()) + interval '3 months';
  month timestamptz;
  until timestamptz;
  part text;
  made int := 0;
begin
  perform pg_advisory_xact_lock(hashtextextended('audit_event_make_months', 0));
  select since into month from public.audit_event_parts() where name = 'audit_event_rest';
  if month >= ahead then
    return 0;
  end if;
  alter table public.audit_event detach partition public.audit_event_rest;
  while month < ahead loop
    until := month + interval '1 month';
    part := to_char(month, '"audit_event_"YYYY_MM');
    execute format('create table public.%I (like public.audit_event including all)', part);
    -- Rows are there if this was not called for months.
    execute format(
      'with late as (delete from public.audit_event_rest where id < %L returning *) insert into public.%I select * from late',
      public.audit_event_first_id(until), part);
    execute format('alter table public.audit_event attach partition public.%I for values from (%L) to (%L)',
      part, public.audit_event_first_id(month), public.audit_event_first_id(until));
    month := until;
    made := made + 1;
  end loop;
  execute format(
    'alter table public.audit_event attach partition public.audit_event_rest for values from (%L) to (maxvalue)',
    public.audit_event_first_id(month));
  perform public.audit_event_close();
  return made;
end
$$
"""
COPY_RIGHTS = """
do $$
declare
  found record;
begin
  for found in
    select a.grantee, a.privilege_type from pg_class c cross join aclexplode(c.relacl) a
    where c.oid = 'public.{source}'::regclass and a.grantee <> c.relowner
  loop
    execute format('grant %s on public.{target} to %s', found.privilege_type,
      case when found.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(found.grantee)) end);
  end loop;
end
$$
"""
ATTACH = """
do $$
declare
  bound uuid := audit_event_first_id((date_trunc('month', now() at time zone 'UTC') + interval '2 months') at time zone 'UTC');
  proven uuid;
begin
  select substring(pg_get_constraintdef(oid) from '''([0-9a-f-]{36})''')::uuid into proven from pg_constraint
  where conrelid = 'public.audit_event_before'::regclass and conname = 'ck_audit_event_bound';
  bound := coalesce(proven, bound);
  execute format('alter table audit_event attach partition audit_event_before for values from (minvalue) to (%L)', bound);
  execute format('alter table audit_event attach partition audit_event_rest for values from (%L) to (maxvalue)', bound);
end
$$
"""
DETACH = """
do $$
begin
  if to_regclass('public.audit_event_before') is not null then
    alter table audit_event detach partition audit_event_before;
  else -- the owner let it go
    create table audit_event_before (like audit_event including defaults including storage,
      constraint pk_audit_event_before primary key (id));
    {indexes}
  end if;
end
$$
""".format(
    indexes="\n    ".join(
        f"create index ix_audit_event_before_{name} on audit_event_before ({column}, id);"
        for name, column in INDEXES.items()
    )
)
FUNCTIONS = ("make_months()", "close()", "parts()", "first_id(timestamptz)")


def upgrade() -> None:
    op.execute(FIRST_ID)
    op.execute("alter table audit_event rename to audit_event_before")
    op.execute("alter index pk_audit_event rename to pk_audit_event_before")
    for name in INDEXES:
        op.execute(f"alter index ix_audit_event_{name} rename to ix_audit_event_before_{name}")
    op.execute(
        "create table audit_event (like audit_event_before including defaults including storage,"
        " constraint pk_audit_event primary key (id)) partition by range (id)"
    )
    for name, column in INDEXES.items():
        op.execute(f"create index ix_audit_event_{name} on audit_event ({column}, id)")
    op.execute("create table audit_event_rest (like audit_event including all)")
    op.execute(ATTACH)
    op.execute("alter table audit_event_before drop constraint if exists ck_audit_event_bound")
    for function in (PARTS, CLOSE, MAKE_MONTHS):
        op.execute(function)
    op.execute("revoke all on function audit_event_make_months(), audit_event_close() from public")
    # Between this commit and `roles.sql` traffic goes on.
    op.execute(COPY_RIGHTS.format(source="audit_event_before", target="audit_event"))
    op.execute("select audit_event_make_months()")


def downgrade() -> None:
    op.execute(DETACH)
    op.execute("insert into audit_event_before select * from audit_event")
    op.execute(COPY_RIGHTS.format(source="audit_event", target="audit_event_before"))
    op.execute("drop table audit_event")
    for function in FUNCTIONS:
        op.execute(f"drop function audit_event_{function}")
    op.execute("alter table audit_event_before rename to audit_event")
    op.execute("alter index pk_audit_event_before rename to pk_audit_event")
    for name in INDEXES:
        op.execute(f"alter index ix_audit_event_before_{name} rename to ix_audit_event_{name}")
