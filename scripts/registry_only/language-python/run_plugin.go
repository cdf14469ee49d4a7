// Put in front of the host's own function of that name, which engine.sh calls runPlugin: it is older than today's
// form of the call, in which a policy pack is named by the field `info`, with a virtual environment of its own.
package main

import (
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
)

// Numbers of fields in pulumi/language.proto, version 3.256.0.
const (
	infoField    = 5 // of RunPluginRequest: ProgramInfo
	rootField    = 1 // of ProgramInfo, and the next two
	programField = 2
	optionsField = 4
)

// RunPlugin starts a Python program that is a plugin, and passes on what it prints until it ends.
func (host *pythonLanguageHost) RunPlugin(
	req *pulumirpc.RunPluginRequest, server pulumirpc.LanguageRuntime_RunPluginServer,
) error {
	asked := *host
	if info := lookUp(req.ProtoReflect().GetUnknown(), infoField); info != nil {
		var options structpb.Struct
		if err := proto.Unmarshal(lookUp(info, optionsField), &options); err != nil {
			return err
		}
		req.Program = string(lookUp(info, programField))
		asked.virtualenv = options.Fields["virtualenv"].GetStringValue()
		asked.virtualenvPath = resolveVirtualEnvironmentPath(string(lookUp(info, rootField)), asked.virtualenv)
	}
	return asked.runPlugin(req, server)
}

// lookUp returns a message's last field of that number that holds bytes, nil where there is none.
func lookUp(message []byte, wanted protowire.Number) (found []byte) {
	for len(message) > 0 {
		number, kind, size := protowire.ConsumeField(message)
		if size < 0 {
			return nil
		}
		if number == wanted && kind == protowire.BytesType {
			_, _, tag := protowire.ConsumeTag(message)
			found, _ = protowire.ConsumeBytes(message[tag:])
		}
		message = message[size:]
	}
	return found
}
