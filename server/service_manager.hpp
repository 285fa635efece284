// What the service manager that started us is told of our state (sd_notify(3)): systemd waits for READY
// before it starts what depends on us, and knows a reload and a stop from a hang.
#pragma once

#include <string>
#include <string_view>

namespace gatepost::server {

class ServiceManager {
  public:
    // Takes NOTIFY_SOCKET out of the environment. To be made once, before there are threads. Without that
    // variable nobody is told anything.
    ServiceManager();

    // `status`: a line for `systemctl status`.
    void tell_ready(std::string_view status) const;
    void tell_reloading() const;  // then tell_ready() again, however the reload went
    void tell_stopping() const;

  private:
    void tell(const std::string& state) const;
    std::string socket_;
};

}  // namespace gatepost::server
