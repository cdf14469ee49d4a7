// A Docker provider for Pulumi, for machines that cannot download the official plugin.
//
// It bridges the same upstream provider under the same names, so programs and state files
// move between the two. Only docker.Image is missing: it is native to the official plugin.
package main

import (
	"unicode"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	sdkv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/terraform-providers/terraform-provider-docker/internal/provider"
)

// version is set by the linker to the plugin version that is stood in for.
var version = "0.0.0"

// member spells a token of the Docker package: "docker:index/container:Container".
func member(name string) tokens.ModuleMember {
	file := string(unicode.ToLower(rune(name[0]))) + name[1:]
	return tokens.ModuleMember("docker:index/" + file + ":" + name)
}

func resource(name string, fields map[string]*tfbridge.SchemaInfo) *tfbridge.ResourceInfo {
	return &tfbridge.ResourceInfo{Tok: tokens.Type(member(name)), Fields: fields}
}

func bridge() tfbridge.ProviderInfo {
	// Pulumi would write list fields in the plural; these three are named in the singular.
	singular := func(field, name string) map[string]*tfbridge.SchemaInfo {
		return map[string]*tfbridge.SchemaInfo{field: {Name: name}}
	}
	container := resource("Container", singular("command", "command"))
	container.Fields["networks_advanced"] = &tfbridge.SchemaInfo{Name: "networksAdvanced"}
	container.DeleteBeforeReplace = true

	info := tfbridge.ProviderInfo{
		P:       sdkv2.NewProvider(provider.New(version)()),
		Name:    "docker",
		Version: version,
		Config: map[string]*tfbridge.SchemaInfo{
			"host": {Default: &tfbridge.DefaultInfo{
				Value:   "unix:///var/run/docker.sock",
				EnvVars: []string{"DOCKER_HOST"},
			}},
			"registry_auth": {Name: "registryAuth", MaxItemsOne: tfbridge.False()},
		},
		Resources: map[string]*tfbridge.ResourceInfo{
			"docker_buildx_builder": resource("BuildxBuilder", nil),
			"docker_config":         resource("ServiceConfig", nil),
			"docker_container":      container,
			"docker_image":          resource("RemoteImage", singular("name", "name")),
			"docker_network":        resource("Network", nil),
			"docker_plugin":         resource("Plugin", nil),
			"docker_registry_image": resource("RegistryImage", nil),
			"docker_secret":         resource("Secret", nil),
			"docker_service":        resource("Service", nil),
			"docker_tag":            resource("Tag", nil),
			"docker_volume":         resource("Volume", nil),
		},
		DataSources: map[string]*tfbridge.DataSourceInfo{
			"docker_image":                    {Tok: member("getRemoteImage")},
			"docker_logs":                     {Tok: member("getLogs")},
			"docker_network":                  {Tok: member("getNetwork")},
			"docker_plugin":                   {Tok: member("getPlugin")},
			"docker_registry_image":           {Tok: member("getRegistryImage")},
			"docker_registry_image_manifests": {Tok: member("getRegistryImageManifests")},
		},
		MetadataInfo: tfbridge.NewProviderMetadata([]byte("{}")),
	}
	info.SetAutonaming(255, "-")
	return info
}

func main() {
	tfbridge.Main("docker", version, bridge(), []byte(`{"name":"docker","version":"`+version+`"}`))
}
