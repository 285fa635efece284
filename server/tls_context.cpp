#include "server/tls_context.hpp"

#include "server/tls_client_certificate.hpp"
#include "server/tls_handles.hpp"
#include "server/tls_key_pair.hpp"
#include "server/tls_staple.hpp"

#include "config/secret.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <map>
#include <new>
#include <optional>
#include <string_view>
#include <utility>

namespace gatepost::server {
namespace {

std::vector<std::filesystem::path> files_of(const config::Tls& settings) {
    std::vector<std::filesystem::path> files{settings.certificate, settings.private_key_file,
                                             settings.ocsp_staple, settings.client_ca};
    for (const config::NamedCertificate& named : settings.certificates)
        files.insert(files.end(), {named.certificate, named.private_key_file, named.ocsp_staple});
    return files;
}

// Where a ticket may be used again: not where other client certificates were believed. A session without a
// client's certificate must not go on where one would now be asked for, either.
std::optional<std::array<unsigned char, SSL_MAX_SID_CTX_LENGTH>> ticket_realm(const config::Tls& settings,
                                                                              std::string& problem) {
    std::string text = "no client_ca";
    if (!settings.client_ca.empty()) {
        const config::TextResult read = config::read_file(settings.client_ca);
        if (!read) {
            problem = "tls.client_ca: " + read.error().text;
            return std::nullopt;
        }
        text = *read;
    }
    std::array<unsigned char, SSL_MAX_SID_CTX_LENGTH> digest{};
    unsigned size = 0;
    static_assert(SSL_MAX_SID_CTX_LENGTH >= 32, "a SHA-256 digest");
    if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
        throw std::bad_alloc();
    return digest;
}

}  // namespace

struct TlsContext::Impl {
    explicit Impl(const config::Tls& from, std::shared_ptr<TicketKeys> keys)
        : settings(from), tickets(std::move(keys)), stamps(files_of(from)) {}

    struct Stapled {
        TlsCertificate certificate;
        Staple staple;
    };
    using Numbers = std::vector<std::size_t>;  // of certificates in the settings; 0 is tls.certificate

    config::Tls settings;
    std::shared_ptr<TicketKeys> tickets;  // outlives the contexts
    FileStamps stamps;
    std::array<unsigned char, SSL_MAX_SID_CTX_LENGTH> realm{};
    std::vector<Stapled> staples;
    std::map<Numbers, TlsContextHandle> contexts;  // by the certificates that each holds
    std::map<std::string, ssl_ctx_st*, std::less<>> by_name;
    ssl_ctx_st* standard = nullptr;
    std::vector<std::string> warnings;

    bool load(std::string& problem) {
        const auto digest = ticket_realm(settings, problem);
        if (!digest) return false;
        realm = *digest;
        Numbers nameless{0};
        std::map<std::string, Numbers> named;
        for (std::size_t i = 0; i < settings.certificates.size(); ++i) {
            const auto& names = settings.certificates[i].names;
            if (names.empty()) nameless.push_back(i + 1);
            for (const std::string& name : names)
                named[name].push_back(i + 1);
        }
        standard = context_with(nameless, problem);
        for (const auto& [name, numbers] : named) {
            if (standard == nullptr) break;
            ssl_ctx_st* context = context_with(numbers, problem);
            if (context == nullptr) return false;
            by_name.emplace(name, context);
        }
        if (standard == nullptr) return false;
        SSL_CTX_set_tlsext_servername_callback(standard, on_server_name);
        SSL_CTX_set_tlsext_servername_arg(standard, this);
        settings = {};  // keys are not kept twice
        return true;
    }

    ssl_ctx_st* context_with(const Numbers& numbers, std::string& problem) {
        const auto known = contexts.find(numbers);
        if (known != contexts.end()) return known->second.get();
        TlsContextHandle made = make(problem);
        if (!made) return nullptr;
        for (const std::size_t number : numbers)
            if (!add_certificate(made.get(), number, problem)) return nullptr;
        return contexts.emplace(numbers, std::move(made)).first->second.get();
    }

    TlsContextHandle make(std::string& problem) {
        TlsContextHandle context(SSL_CTX_new(TLS_server_method()));
        if (!context) throw std::bad_alloc();
        harden_tls(context.get());
        if (settings.minimum_version == config::Tls::Version::tls1_3)
            SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
        SSL_CTX_set_session_id_context(context.get(), realm.data(), SSL_MAX_SID_CTX_LENGTH);
        use_tickets(context.get(), *tickets);
        SSL_CTX_set_tlsext_status_cb(context.get(), on_status_request);
        SSL_CTX_set_tlsext_status_arg(context.get(), this);
        if (!settings.client_ca.empty() &&
            !ask_for_client_certificate(context.get(), settings.client_ca, problem))
            return nullptr;
        return context;
    }

    // A second certificate of the same kind of key would silently take the first one's place.
    bool add_certificate(ssl_ctx_st* context, std::size_t number, std::string& problem) {
        const bool is_standard = number == 0;
        const config::KeyPair& pair =
            is_standard ? static_cast<const config::KeyPair&>(settings) : settings.certificates[number - 1];
        const std::string key = is_standard ? "tls" : "tls.certificates[" + std::to_string(number - 1) + ']';
        Numbers kinds;
        for (long set = SSL_CTX_set_current_cert(context, SSL_CERT_SET_FIRST); set == 1;
             set = SSL_CTX_set_current_cert(context, SSL_CERT_SET_NEXT))
            kinds.push_back(kind_of(context));
        if (!use_key_pair(context, pair, key, problem)) return false;
        for (const std::size_t kind : kinds) {
            if (kind != kind_of(context)) continue;
            problem = key + ".certificate " + pair.certificate.string() +
                      ": another certificate with the same kind of key has the same names";
            return false;
        }
        warn_if_expired(SSL_CTX_get0_certificate(context), pair.certificate, key);
        const std::filesystem::path& staple =
            is_standard ? settings.ocsp_staple : settings.certificates[number - 1].ocsp_staple;
        if (!staple.empty()) add_staple(context, staple, key);
        return true;
    }

    static std::size_t kind_of(ssl_ctx_st* context) {
        const int kind = EVP_PKEY_get_base_id(X509_get0_pubkey(SSL_CTX_get0_certificate(context)));
        return static_cast<std::size_t>(kind);
    }

    // It is served all the same: hosts that send mail seldom look.
    void warn_if_expired(const X509* certificate, const std::filesystem::path& file, const std::string& key) {
        const ASN1_TIME* end = X509_get0_notAfter(certificate);
        std::tm time{};
        if (X509_cmp_current_time(end) >= 0 || ASN1_TIME_to_tm(end, &time) != 1) return;
        std::array<char, sizeof("2026-01-01")> day{};
        std::strftime(day.data(), day.size(), "%Y-%m-%d", &time);
        const std::string warning =
            key + ".certificate: " + file.string() + " expired on " + day.data() + "; renew it";
        if (std::find(warnings.begin(), warnings.end(), warning) == warnings.end())
            warnings.push_back(warning);  // once, whatever the number of its names
    }

    // A stale staple must not keep a new certificate away: it is left out.
    void add_staple(ssl_ctx_st* context, const std::filesystem::path& file, const std::string& key) {
        X509* certificate = SSL_CTX_get0_certificate(context);
        std::string problem;
        auto staple = load_staple(file, certificate, problem);
        if (staple && staple->until <= std::time(nullptr)) problem = file.string() + " is out of date";
        if (!problem.empty()) warnings.push_back(key + ".ocsp_staple: " + problem + "; it is not sent");
        if (!staple) return;
        X509_up_ref(certificate);
        staples.push_back({TlsCertificate(certificate), std::move(*staple)});
    }

    // RFC 6066 §3; a name that is not ours gets the default certificate.
    static int on_server_name(SSL* session, int*, void* self) {
        const char* asked = SSL_get_servername(session, TLSEXT_NAMETYPE_host_name);
        if (asked == nullptr) return SSL_TLSEXT_ERR_OK;
        ssl_ctx_st* found = static_cast<const Impl*>(self)->find(asked);
        if (found != nullptr) SSL_set_SSL_CTX(session, found);
        return SSL_TLSEXT_ERR_OK;
    }

    ssl_ctx_st* find(std::string_view asked) const {
        std::string name = ascii::to_lower(asked);
        if (name.ends_with('.')) name.pop_back();
        auto found = by_name.find(name);
        if (found != by_name.end()) return found->second;
        // RFC 6125 §6.4.3: the wildcard stands for the whole leftmost label, and for that alone.
        const auto dot = name.find('.');
        if (dot == std::string::npos || dot == 0) return nullptr;
        found = by_name.find("*" + name.substr(dot));
        return found == by_name.end() ? nullptr : found->second;
    }

    static int on_status_request(SSL* session, void* self) {
        const X509* sent = SSL_get_certificate(session);
        for (const Stapled& stapled : static_cast<const Impl*>(self)->staples) {
            if (sent == nullptr || X509_cmp(sent, stapled.certificate.get()) != 0) continue;
            if (stapled.staple.until <= std::time(nullptr)) continue;
            const std::string& response = stapled.staple.response;
            void* copy = OPENSSL_memdup(response.data(), response.size());
            if (copy == nullptr) return SSL_TLSEXT_ERR_NOACK;
            SSL_set_tlsext_status_ocsp_resp(session, copy, static_cast<long>(response.size()));
            return SSL_TLSEXT_ERR_OK;
        }
        return SSL_TLSEXT_ERR_NOACK;
    }
};

TlsContext::TlsContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

TlsContext::~TlsContext() = default;

std::shared_ptr<TlsContext> TlsContext::load(const config::Tls& settings, std::shared_ptr<TicketKeys> tickets,
                                             std::string& problem) {
    auto impl = std::make_unique<Impl>(settings, std::move(tickets));
    if (!impl->load(problem)) return nullptr;
    return std::shared_ptr<TlsContext>(new TlsContext(std::move(impl)));
}

ssl_ctx_st* TlsContext::native() const {
    return impl_->standard;
}

const FileStamps& TlsContext::stamps() const {
    return impl_->stamps;
}

const std::vector<std::string>& TlsContext::warnings() const {
    return impl_->warnings;
}

}  // namespace gatepost::server
