// A real OpenID provider that others wrote (npm's oidc-provider), for `.ci/oidc`.
import Provider from "oidc-provider";

const port = Number(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;
const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "bedplate",
      client_secret: "only-for-this-test",
      redirect_uris: ["http://bedplate.test/v1/auth/callback/real"],
      grant_types: ["authorization_code", "refresh_token"],
      token_endpoint_auth_method: "client_secret_basic",
    },
  ],
  claims: { email: ["email", "email_verified"], openid: ["sub"] },
  conformIdTokenClaims: false,
  cookies: { keys: ["only for this test"] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@team.example`, email_verified: true }),
  }),
  pkce: { required: () => true },
});
provider.listen(port, "127.0.0.1", () => console.log(issuer));
