#include "server/tls_staple.hpp"

#include "server/tls_handles.hpp"

#include "config/secret.hpp"

#include <openssl/ocsp.h>

#include <ctime>
#include <limits>

namespace gatepost::server {
namespace {

using Response = std::unique_ptr<OCSP_RESPONSE, Release<OCSP_RESPONSE_free>>;
using BasicResponse = std::unique_ptr<OCSP_BASICRESP, Release<OCSP_BASICRESP_free>>;

bool is_of(OCSP_SINGLERESP* single, const X509* certificate) {
    ASN1_INTEGER* serial = nullptr;
    // The function only reads, though it does not say so.
    auto* id = const_cast<OCSP_CERTID*>(OCSP_SINGLERESP_get0_id(single));
    OCSP_id_get0_info(nullptr, nullptr, nullptr, &serial, id);
    return serial != nullptr && ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(certificate)) == 0;
}

std::int64_t unix_time(const ASN1_GENERALIZEDTIME* time) {
    std::tm parts{};
    if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1)
        return std::numeric_limits<std::int64_t>::max();
    return timegm(&parts);
}

}  // namespace

std::optional<Staple> load_staple(const std::filesystem::path& file, const x509_st* certificate,
                                  std::string& problem) {
    const config::TextResult read = config::read_file(file);
    if (!read) {
        problem = read.error().text;
        return std::nullopt;
    }
    problem = file.string() + " holds no good OCSP response";
    const auto* octets = reinterpret_cast<const unsigned char*>(read->data());
    const Response response(d2i_OCSP_RESPONSE(nullptr, &octets, static_cast<long>(read->size())));
    ERR_clear_error();
    if (!response || OCSP_response_status(response.get()) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
        return std::nullopt;
    const BasicResponse basic(OCSP_response_get1_basic(response.get()));
    ERR_clear_error();
    if (!basic) return std::nullopt;
    for (int i = 0; i < OCSP_resp_count(basic.get()); ++i) {
        OCSP_SINGLERESP* single = OCSP_resp_get0(basic.get(), i);
        if (!is_of(single, certificate)) continue;
        ASN1_GENERALIZEDTIME* next_update = nullptr;
        const int status = OCSP_single_get0_status(single, nullptr, nullptr, nullptr, &next_update);
        if (status != V_OCSP_CERTSTATUS_GOOD) return std::nullopt;
        problem.clear();
        return Staple{*read, unix_time(next_update)};
    }
    problem = file.string() + " is the OCSP response of another certificate";
    return std::nullopt;
}

}  // namespace gatepost::server
