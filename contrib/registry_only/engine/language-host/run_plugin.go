// Put in front of the host's own function of that name, which engine.sh calls runPlugin: it is older than today's
// form of the call, in which a policy pack is named by the field `info`, with a virtual environment of its own.
package main

import pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

// RunPlugin starts a Python program that is a plugin, and passes on what it prints until it ends.
func (host *pythonLanguageHost) RunPlugin(
	req *pulumirpc.RunPluginRequest, server pulumirpc.LanguageRuntime_RunPluginServer,
) error {
	asked := *host
	if info := req.GetInfo(); info != nil {
		req.Program = info.GetProgramDirectory()
		asked.virtualenv = info.GetOptions().GetFields()["virtualenv"].GetStringValue()
		asked.virtualenvPath = resolveVirtualEnvironmentPath(info.GetRootDirectory(), asked.virtualenv)
	}
	return asked.runPlugin(req, server)
}
