// Looks every few seconds whether certificate files have changed, and puts the new ones into force without
// the rest of the configuration, which may be half edited. A pair that is half written changes nothing.
#pragma once

#include "server/file_stamps.hpp"
#include "server/reload_state.hpp"
#include "server/runtime.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <vector>

namespace gatepost::server {

class Log;

class CertificateWatcher {
  public:
    CertificateWatcher(CurrentRuntime& runtime, Log& log, ReloadState& reloads)
        : runtime_(runtime), log_(log), reloads_(reloads) {}

    // Runs until its executor stops, away from mail: it reads files.
    boost::asio::awaitable<void> watch();
    // One look.
    void look();

  private:
    CurrentRuntime& runtime_;
    Log& log_;
    ReloadState& reloads_;
    std::optional<std::vector<FileStamps>> refused_;  // files that were no good
    bool told_ = false;
};

}  // namespace gatepost::server
