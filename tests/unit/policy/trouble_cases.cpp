#include "tests/unit/policy/trouble_cases.hpp"

namespace gatepost::tests {
namespace {

using policy::Settings;

const std::string named = "1.2.0.192.in-addr.arpa PTR client.example";
const std::string reject = R"(_dmarc.example.org TXT "v=DMARC1; p=reject")";
const std::string spf_all = R"(example.org TXT "v=spf1 -all")";
const std::string spf_client = R"(example.org TXT "v=spf1 ip4:192.0.2.1 -all")";
const std::string list_fields = "List-Id: Dev <dev.lists.example>\r\n";

std::string spf(const std::string& terms) {
    return "example.org TXT \"v=spf1 " + terms + '"';
}

Settings exempting(std::set<policy::Forgiven> allow) {
    policy::Exemption exemption;
    exemption.id = "cron";
    exemption.when.client_ip = {dns::IpNetwork::parse("192.0.2.0/24").value()};
    exemption.allow = std::move(allow);
    Settings settings;
    settings.exemptions = {exemption};
    return settings;
}

Settings with(void (*change)(Settings&)) {
    Settings settings;
    change(settings);
    return settings;
}

// An exemption by the seal of a trusted list.
Settings trusting_a_sealer() {
    Settings settings = exempting({policy::Forgiven::dmarc});
    settings.trusted_sealers = {dns::DomainName::parse("lists.example").value()};
    settings.exemptions[0].when = policy::Condition();
    settings.exemptions[0].when.arc_sealer = settings.trusted_sealers;
    return settings;
}

Settings owning_example_org() {
    Settings settings;
    settings.own_domains = {dns::DomainName::parse("example.org").value()};
    return settings;
}

std::vector<TroubleCase> make_cases() {
    const auto on_reject = [](Settings& s) {
        s.on_reject = policy::OnReject::reject;
    };
    const auto on_quarantine = [](Settings& s) {
        s.on_quarantine = policy::OnQuarantine::reject;
    };
    const auto spf_alone = [](Settings& s) {
        s.on_spf_fail = policy::OnSpfFail::reject;
        s.on_spf_temperror = policy::OnSpfTemperror::defer;
    };
    const auto lenient = [](Settings& s) {
        s.on_temperror = policy::OnTemperror::accept;
    };
    const auto monitor = [](Settings& s) {
        s.mode = policy::Mode::monitor;
    };
    return {
        // SPF alone vouches (RFC 7208), by every kind of mechanism.
        {"spf ip4", "pass accept", {reject, spf_client}},
        {"spf a and mx",
         "pass accept",
         {reject, spf("a:stranger.example mx:two.example mx:three.example -all")}},
        {"spf include", "pass accept", {reject, spf("include:no.example include:yes.example -all")}},
        {"spf deep include", "pass accept", {reject, spf("include:deep.example ~all")}},
        {"spf redirect", "pass accept", {reject, spf("redirect=deep.example")}},
        {"spf exists",
         "pass accept",
         {reject, spf("exists:%{ir}.list.example -all"), "1.2.0.192.list.example A 127.0.0.2"}},
        {"spf exists by name",
         "pass accept",
         {reject, named, spf("exists:%{p}.e.example -all"), "client.example.e.example A 127.0.0.2"}},
        {"spf ptr", "pass accept", {reject, named, spf("ptr:client.example -all")}},
        {"spf void lookups",
         "pass accept",
         {reject, named, spf("a:void.example mx:void.example ptr:unrelated.example +all")}},
        {"spf relaxed",
         "pass accept",
         {reject, R"(mail.example.org TXT "v=spf1 ip4:192.0.2.1 -all")"},
         "u@mail.example.org"},
        {"spf strict",
         "fail quarantine",
         {R"(_dmarc.example.org TXT "v=DMARC1; p=reject; aspf=s")", named,
          R"(mail.example.org TXT "v=spf1 ip4:192.0.2.1 -all")"},
         "u@mail.example.org"},
        {"spf null reverse-path",
         "pass accept",
         {R"(_dmarc.client.example TXT "v=DMARC1; p=reject")", named,
          R"(client.example TXT "v=spf1 a -all")"},
         "",
         {},
         "user@client.example"},

        // SPF does not vouch. A lookup that fails may have been the one that would.
        {"spf fail, nameless", "fail reject", {reject, spf_all}},
        {"spf fail, named", "fail reject", {reject, named, spf_all}},
        {"spf fail with explanation",
         "fail reject",
         {reject, named, spf("-all exp=why.example"), R"(why.example TXT "not %{p}")"}},
        {"spf softfail", "fail quarantine", {reject, named, spf("mx:two.example ~all")}},
        {"spf softfail behind ptr", "fail quarantine", {reject, named, spf("ptr:unrelated.example ~all")}},
        {"spf neutral behind ptr", "fail quarantine", {reject, named, spf("ptr:unrelated.example")}},
        {"spf softfail behind names", "fail quarantine", {reject, named, spf("exists:%{p}.e.example ~all")}},
        {"spf permerror behind ptr",
         "fail quarantine",
         {reject, named, spf("ptr:unrelated.example include:void.example -all")}},
        {"spf none", "fail reject", {reject}},
        {"spf of somebody else",
         "fail quarantine",
         {reject, named, R"(other.example TXT "v=spf1 a:client.example -all")"},
         "u@other.example"},
        {"spf fail of a subdomain",
         "fail reject",
         {reject, named, R"(mail.example.org TXT "v=spf1 -all")"},
         "u@mail.example.org"},

        // DKIM (RFC 6376): one signature, several, decoys, broken ones.
        {"dkim", "pass accept", {reject}, "u@other.example", {{"example.org"}}},
        {"dkim relaxed", "pass accept", {reject}, "u@other.example", {{"mail.example.org"}}},
        {"dkim sibling",
         "pass accept",
         {R"(_dmarc.example.org TXT "v=DMARC1; p=none; sp=reject")"},
         "u@other.example",
         {{"b.example.org"}},
         "user@a.example.org"},
        {"dkim unaligned", "fail reject", {reject}, "u@other.example", {{"other.example"}}},
        {"dkim decoy and real",
         "pass accept",
         {reject},
         "u@other.example",
         {{"other.example"}, {"example.org"}}},
        {"dkim broken and real",
         "pass accept",
         {reject},
         "u@other.example",
         {{"example.org", true}, {"mail.example.org"}}},
        {"dkim broken", "fail reject", {reject}, "u@other.example", {{"example.org", true}}},
        {"dkim broken, spf fail",
         "fail quarantine",
         {reject, named, spf_all},
         "user@example.org",
         {{"example.org", true}}},
        {"dkim broken below, spf fail",
         "fail quarantine",
         {reject, named, spf_all},
         "user@example.org",
         {{"mail.example.org", true}}},
        {"dkim partly", "fail reject", {reject}, "u@other.example", {{"example.org", false, true}}},
        {"dkim partly, spf fail",
         "fail quarantine",
         {reject, named, spf_all},
         "user@example.org",
         {{"example.org", false, true}}},
        {"dkim partly and wholly",
         "pass accept",
         {reject},
         "u@other.example",
         {{"example.org", false, true}, {"mail.example.org"}}},
        {"dkim and spf", "pass accept", {reject, spf_client}, "user@example.org", {{"example.org"}}},
        {"dkim although spf fails", "pass accept", {reject, spf_all}, "user@example.org", {{"example.org"}}},

        // DMARC (RFC 9989 §4.10): walks over many labels, psd, sp, np, every policy.
        {"walk of ten labels",
         "fail reject",
         {R"(_dmarc.example.org TXT "v=DMARC1; p=none; sp=reject")",
          "a.b.c.d.e.f.g.h.example.org A 192.0.2.9"},
         "u@other.example",
         {},
         "u@a.b.c.d.e.f.g.h.example.org"},
        {"walk of ten labels, dkim",
         "pass accept",
         {R"(_dmarc.example.org TXT "v=DMARC1; p=reject")"},
         "u@other.example",
         {{"x.y.example.org"}},
         "u@a.b.c.d.e.f.g.h.example.org"},
        {"records on the way",
         "pass accept",
         {reject, R"(_dmarc.a.example.org TXT "v=DMARC1; p=quarantine")",
          R"(_dmarc.b.a.example.org TXT "v=DMARC1; p=none")"},
         "u@other.example",
         {{"a.example.org"}},
         "u@b.a.example.org"},
        {"psd=n between",
         "fail reject",
         {R"(_dmarc.a.example.org TXT "v=DMARC1; p=reject; psd=n")", reject},
         "u@other.example",
         {{"example.org"}},
         "u@a.example.org"},
        {"psd=y above",
         "fail reject",
         {R"(_dmarc.org TXT "v=DMARC1; p=reject; psd=y")"},
         "u@other.example",
         {{"other.org"}},
         "u@a.example.org"},
        {"psd=y above, dkim",
         "pass accept",
         {R"(_dmarc.org TXT "v=DMARC1; p=reject; psd=y")"},
         "u@other.example",
         {{"example.org"}},
         "u@a.example.org"},
        {"sp of one that exists",
         "fail quarantine",
         {R"(_dmarc.example.org TXT "v=DMARC1; p=none; sp=quarantine; np=reject")",
          "a.example.org A 192.0.2.9"},
         "u@other.example",
         {},
         "u@a.example.org"},
        {"np of one that does not",
         "fail reject",
         {R"(_dmarc.example.org TXT "v=DMARC1; p=none; sp=none; np=reject")"},
         "u@other.example",
         {},
         "u@ghost.example.org"},
        {"p=none", "fail accept", {R"(_dmarc.example.org TXT "v=DMARC1; p=none")", spf_all}},
        {"p=quarantine", "fail quarantine", {R"(_dmarc.example.org TXT "v=DMARC1; p=quarantine")", spf_all}},
        {"t=y", "fail quarantine", {R"(_dmarc.example.org TXT "v=DMARC1; p=reject; t=y")", spf_all}},
        {"no record", "none accept", {spf_all}},
        {"no record, pass", "none accept", {spf_client}},
        {"two records", "none accept", {reject, R"(_dmarc.example.org TXT "v=DMARC1; p=none")", spf_all}},
        {"by list",
         "fail reject",
         {R"(_dmarc.example.org TXT "v=DMARC1; p=none; sp=reject")"},
         "u@other.example",
         {},
         "u@a.example.org",
         {},
         "",
         {},
         true},
        {"by list, dkim",
         "pass accept",
         {R"(_dmarc.example.org TXT "v=DMARC1; p=none; sp=reject")"},
         "u@other.example",
         {{"b.example.org"}},
         "u@a.example.org",
         {},
         "",
         {},
         true},

        // ARC (RFC 8617) decides nothing; its trouble neither.
        {"arc",
         "fail reject",
         {reject},
         "u@other.example",
         {},
         "user@example.org",
         {"one.example", "two.example"}},
        {"arc, dkim",
         "pass accept",
         {reject},
         "u@other.example",
         {{"example.org"}},
         "user@example.org",
         {"one.example"}},

        // What corroborates a rejection (RFC 9989 §7.4), or undoes it.
        {"several names of the client",
         "fail quarantine",
         {reject, "1.2.0.192.in-addr.arpa PTR stranger.example", named},
         "u@other.example"},
        {"no name leads back",
         "fail reject",
         {reject, "1.2.0.192.in-addr.arpa PTR stranger.example"},
         "u@other.example"},
        {"own domain",
         "fail reject",
         {reject, named},
         "u@other.example",
         {},
         "user@example.org",
         {},
         "",
         owning_example_org()},
        {"own domain by a list, dkim",
         "fail quarantine",
         {reject, named},
         "u@other.example",
         {{"lists.example"}},
         "user@example.org",
         {},
         list_fields,
         owning_example_org()},
        {"own domain by a list, spf",
         "fail quarantine",
         {reject, named, R"(lists.example TXT "v=spf1 mx:three.example -all")"},
         "u@lists.example",
         {},
         "user@example.org",
         {},
         list_fields,
         owning_example_org()},
        {"own domain by a list unproven",
         "fail reject",
         {reject, named, R"(lists.example TXT "v=spf1 mx:two.example -all")"},
         "u@lists.example",
         {{"lists.example", true}},
         "user@example.org",
         {},
         list_fields,
         owning_example_org()},

        {"own domain by a list that signed a part",
         "fail reject",
         {reject, named},
         "u@other.example",
         {{"lists.example", false, true}},
         "user@example.org",
         {},
         list_fields,
         owning_example_org()},

        // The operator's word.
        {"exempted",
         "fail accept",
         {reject, spf_all},
         "user@example.org",
         {{"example.org", true}},
         "user@example.org",
         {},
         "",
         exempting({policy::Forgiven::dmarc, policy::Forgiven::spf})},
        {"exempted from spf only",
         "fail reject",
         {reject, spf_all},
         "user@example.org",
         {},
         "user@example.org",
         {},
         "",
         exempting({policy::Forgiven::spf})},
        {"on_reject: reject",
         "fail reject",
         {reject, named, spf("~all")},
         "user@example.org",
         {},
         "user@example.org",
         {},
         "",
         with(on_reject)},
        {"on_quarantine: reject",
         "fail reject",
         {R"(_dmarc.example.org TXT "v=DMARC1; p=quarantine")", named},
         "user@example.org",
         {},
         "user@example.org",
         {},
         "",
         with(on_quarantine)},
        {"on_quarantine: reject, p=reject",
         "fail reject",
         {reject, named},
         "user@example.org",
         {},
         "user@example.org",
         {},
         "",
         with(on_quarantine)},
        {"spf alone rejects",
         "none reject",
         {spf("a:stranger.example mx:two.example -all")},
         "user@example.org",
         {},
         "user@example.org",
         {},
         "",
         with(spf_alone)},
        {"spf alone lets pass",
         "none accept",
         {spf("mx:three.example -all")},
         "user@example.org",
         {},
         "user@example.org",
         {},
         "",
         with(spf_alone)},
        {"on_temperror: accept",
         "fail reject",
         {reject, spf_all},
         "user@example.org",
         {},
         "user@example.org",
         {},
         "",
         with(lenient)},
        {"monitor",
         "fail accept",
         {reject, spf_all},
         "user@example.org",
         {},
         "user@example.org",
         {},
         "",
         with(monitor)},
        // A chain decides (RFC 8617).
        {"a trusted sealer",
         "fail accept",
         {reject, spf_all},
         "user@example.org",
         {},
         "user@example.org",
         {"older.example", "lists.example"},
         "",
         trusting_a_sealer()},
        {"a trusted sealer below another",
         "fail reject",
         {reject, spf_all},
         "user@example.org",
         {},
         "user@example.org",
         {"lists.example", "newer.example"},
         "",
         trusting_a_sealer()},
        {"our own mail by a sealer",
         "fail reject",
         {reject, spf_all},
         "user@example.org",
         {},
         "user@example.org",
         {"lists.example"},
         "",
         owning_example_org()},
        {"no author domain", "none reject", {spf_client}, "user@example.org", {}, "Cron Daemon"},
    };
}

}  // namespace

const std::vector<TroubleCase>& trouble_cases() {
    static const std::vector<TroubleCase> cases = make_cases();
    return cases;
}

const std::vector<std::string>& common_zone() {
    static const std::vector<std::string> lines = {
        "client.example A 192.0.2.1",
        "stranger.example A 203.0.113.9",
        "two.example MX 10 stranger.example",
        "two.example MX 20 unnamed.example",
        "three.example MX 10 stranger.example",
        "three.example MX 20 client.example",
        R"(yes.example TXT "v=spf1 a:stranger.example a:client.example -all")",
        R"(no.example TXT "v=spf1 mx:two.example -all")",
        R"(deep.example TXT "v=spf1 include:no.example include:yes.example ~all")",
    };
    return lines;
}

}  // namespace gatepost::tests
