from bedplate.platform.auth.access import Access

# Before its address is verified an account may use its own plans.
READ = Access(permission="plans:read", verified=False)
WRITE = Access(permission="plans:write", verified=False)
