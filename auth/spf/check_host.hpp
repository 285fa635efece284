// check_host() of RFC 7208 §4: does <domain> let <ip> send as <sender>?
#pragma once

#include "auth/spf/limits.hpp"
#include "auth/spf/result.hpp"

#include "dns/ip_address.hpp"
#include "dns/resolver.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <string>

namespace gatepost::auth::spf {

// What one check is about. Values own their text: a check runs on while its session goes on.
struct Request {
    Request(dns::IpAddress ip, std::string helo_name, std::string reverse_path, std::string receiver_name,
            std::chrono::system_clock::time_point when)
        : client_ip(ip),
          helo(std::move(helo_name)),
          mail_from(std::move(reverse_path)),
          receiver(std::move(receiver_name)),
          now(when) {}

    dns::IpAddress client_ip;
    std::string helo;                           // as given in HELO or EHLO
    std::string mail_from;                      // the reverse-path without angle brackets; empty for <>
    std::string receiver;                       // %{r}: our own host name
    std::chrono::system_clock::time_point now;  // %{t}
};

// RFC 7208 §2.3: the HELO identity, sender postmaster@HELO.
boost::asio::awaitable<Check> check_helo(Request request, dns::Resolver& resolver, Limits limits);

// RFC 7208 §2.4: the MAIL FROM identity; for the null reverse-path that is postmaster@HELO.
boost::asio::awaitable<Check> check_mail_from(Request request, dns::Resolver& resolver, Limits limits);

}  // namespace gatepost::auth::spf
